#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# demo-test.sh: the demonstration passes, and its last line but one names a picture,
# which is an SVG with all its lanes and something in each.
# demo-test.sh SVG: look at a picture only.

# shellcheck source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=steps.sh
. "$TOP/tests/lab/steps.sh"

picture_is_whole() {
	python3 - "$TOP/scripts/rescue-picture.py" "$1" <<-'END'
		import ast, sys, xml.etree.ElementTree as tree

		SVG = "{http://www.w3.org/2000/svg}"
		names = {"write()": "$write ", "waits": "$waits ", "punted": "$punted",
		         "rescued": "$rescued", "completed": "$completed"}
		source = ast.parse(open(sys.argv[1], encoding="utf-8").read())
		lanes = next(ast.literal_eval(line.value) for line in source.body
		             if isinstance(line, ast.Assign) and line.targets[0].id == "LANES")
		try:
		    picture = tree.parse(sys.argv[2]).getroot()
		except (OSError, tree.ParseError) as error:
		    sys.exit(f"{sys.argv[2]}: {error}")
		if picture.tag != SVG + "svg":
		    sys.exit(f"{sys.argv[2]} is no SVG but {picture.tag}")
		words = {"".join(text.itertext()).strip() for text in picture.iter(SVG + "text")}
		for lane in ["in the reserve", "in flight"] + lanes:
		    if lane not in words:
		        sys.exit(f"{sys.argv[2]} has no lane \"{lane}\"")
		for lane in lanes:
		    plots = [group for group in picture.iter(SVG + "g")
		             if (group.findtext(SVG + "title") or "").startswith(names[lane])]
		    marks = [mark for plot in plots for mark in plot.iter()
		             if mark.tag in (SVG + "use", SVG + "path")]
		    if not marks:
		        sys.exit(f"{sys.argv[2]} shows nothing in the lane \"{lane}\"")
	END
}

# A judge that takes everything has shown nothing.
judge_is_strict() {
	local dir lane status=0
	dir=$(mktemp -d)
	picture_is_whole "$TOP/docs/rescue.svg" || status=1
	head -c 5000 "$TOP/docs/rescue.svg" >"$dir/cut.svg"
	! picture_is_whole "$dir/cut.svg" 2>/dev/null || status=1
	for lane in completed rescued punted waits 'write()'; do
		sed "s/>$lane</>other</" "$TOP/docs/rescue.svg" >"$dir/unnamed.svg"
		! picture_is_whole "$dir/unnamed.svg" 2>/dev/null || status=1
	done
	# The marks of one lane are gone.
	# shellcheck disable=SC2016 # the name of a block of gnuplot
	sed '/<title>$rescued/,/<\/g>/ { /<use/d }' "$TOP/docs/rescue.svg" >"$dir/empty.svg"
	! picture_is_whole "$dir/empty.svg" 2>/dev/null || status=1
	rm -r "$dir"
	return $status
}

demo() {
	local out=$CACHE/logs/demo-test picture
	mkdir -p "$CACHE/logs"
	"$TOP/scripts/demo.sh" | tee "$out" >&2 || return 1
	grep -q '^demo: PASS in ' <(tail -n 1 "$out") || return 1
	picture=$(tail -n 2 "$out" | sed -n '1s/^a picture of the rescue: //p')
	[ -n "$picture" ] || { echo "the last line but one names no picture" >&2 && return 1; }
	picture_is_whole "$picture"
}

[ "${1:---step}" = --step ] || { picture_is_whole "$1" && exit; }
dispatch "$@"
step "a picture that is not whole is seen" 60 judge_is_strict
step "the demonstration and its picture" 600 demo
totals
