#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bench-plot.sh: remake the tables in docs/performance.md and the pictures
# docs/performance*.svg from the newest of bench/results. The same results give
# the same files, bit by bit.

# shellcheck source=../scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"

# One panel: the variants side by side for each number of vecs
plot_pairs() {
	cat <<'GNUPLOT'
set terminal svg size 900,800 noenhanced font "sans-serif,13" background "white"
set style data histogram
set style histogram clustered gap 1
set style fill solid 0.9 noborder
set boxwidth 0.9
set logscale y
set yrange [50:20000]
set ylabel "instructions"
set grid ytics lc rgb "#dddddd"
set border 3
set tics nomirror
set key outside bottom center horizontal
set xlabel "nr_iovecs"
set multiplot layout 2,1
set title "bio_alloc_bioset() + bio_put(), init_on_alloc=1"
plot for [i=2:6] "init1.dat" using i:xtic(1) title columnheader(i) lt rgb word(colours, i-1)
set title "the same, init_on_alloc=0"
plot for [i=2:6] "init0.dat" using i:xtic(1) title columnheader(i) lt rgb word(colours, i-1)
unset multiplot
GNUPLOT
}

plot_io() {
	cat <<'GNUPLOT'
set terminal svg size 900,420 noenhanced font "sans-serif,13" background "white"
set style data histogram
set style histogram clustered gap 1
set style fill solid 0.9 noborder
set boxwidth 0.9
set yrange [0:*]
set grid ytics lc rgb "#dddddd"
set border 3
set tics nomirror
unset key
set xtics rotate by -30
set rmargin 8
set ylabel "instructions per I/O"
set multiplot layout 1,2
set title "4 KiB random read"
plot "io.dat" using 2:xtic(1) lt rgb "#4477aa"
set title "1 MiB sequential write"
plot "io.dat" using 3:xtic(1) lt rgb "#4477aa"
unset multiplot
GNUPLOT
}

need_pkgs "the benchmark's pictures" gnuplot-nox python3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 "$TOP/bench/bench-report.py" document "$TOP/bench/results" \
	"$TOP/docs/performance.md" "$work"
cd "$work"
{
	echo 'colours = "#bbbbbb #4477aa #66ccee #ee6677 #ccbb44"'
	plot_pairs
} >pairs.gp
plot_io >io.gp
gnuplot pairs.gp >performance.svg
gnuplot io.gp >performance-io.svg
mv performance.svg performance-io.svg "$TOP/docs/"
say "docs/performance.md and its pictures are up to date"
