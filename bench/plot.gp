# SPDX-License-Identifier: GPL-2.0
# The pictures of docs/performance.md; "bench/run plot" gives it the tables.
style = "set style data histogram; set style histogram clustered gap 1; set style fill solid 0.9 noborder; \
	set boxwidth 0.9; set grid ytics lc rgb '#dddddd'; set border 3; set tics nomirror"
ways = '"bio_kmalloc()" kernel "kernel, per-CPU cache" ours "ours, kernel''s put"'
colours = "#bbbbbb #4477aa #66ccee #ee6677 #ccbb44"

set terminal svg size 900,800 noenhanced font "sans-serif,13" background "white"
set output "performance.svg"
eval style
set logscale y
set yrange [50:20000]
set ylabel "instructions"
set key outside bottom center horizontal
set xlabel "nr_iovecs"
set multiplot layout 2,1
set title "bio_alloc_bioset() + bio_put(), init_on_alloc=1"
plot for [i=1:5] $init1 using word(ways, i):xtic(1) title word(ways, i) lt rgb word(colours, i)
set title "the same, init_on_alloc=0"
plot for [i=1:5] $init0 using word(ways, i):xtic(1) title word(ways, i) lt rgb word(colours, i)
unset multiplot

reset
set terminal svg size 900,420 noenhanced font "sans-serif,13" background "white"
set output "performance-io.svg"
eval style
set yrange [0:*]
unset key
set xtics rotate by -30
set rmargin 8
set ylabel "instructions per I/O"
set multiplot layout 1,2
set title "4 KiB random read"
plot $io using "randread-4k":xtic(1) lt rgb "#4477aa"
set title "1 MiB sequential write"
plot $io using "write-1m":xtic(1) lt rgb "#4477aa"
