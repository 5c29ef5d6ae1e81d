# Sourced after lib.sh by tests that run the examples of documents.
#
# An example is what a terminal shows:
#
#	$ command
#	expected output
#
# Lines that begin with "> " go on with the command. Without expected output any will do; "..." in it
# stands for anything. The command must succeed, unless it ends with "# exits with N". All examples
# of one document run in order, in the same folder.

# The examples in the .EX blocks of man page $1, a form feed behind each block.
man_examples() {
	sed -n '/^\.SH EXAMPLES/,/^\.SH [^E]/ { /^\.EX/,/^\.EE/ { s/^\.EE/\f/; /^\.EX/! p } }' "$1" |
		sed -e 's/\\-/-/g; s/\\&//g; s/\\(dq/"/g; s/\\(aq/'\''/g; s/\\e/\\/g'
}

# Those in the ```console blocks of Markdown file $1.
markdown_examples() {
	# shellcheck disable=SC2016 # no expansion but Markdown's fences
	sed -n '/^```console$/,/^```$/ { s/^```$/\f/; /^```console/! p }' "$1"
}

# A pattern for [[ == ]] that TEXT matches, its "..." standing for anything.
example_pattern() {
	sed -e 's/[][*?\\(){}|!@+<>^$&;"'\''`#~ ]/\\&/g' -e 's/\.\.\./*/g' <<<"$1"
}

example_check() { # DOCUMENT COMMAND EXPECTED
	local got status want=0 pattern

	[[ $2 =~ \#\ exits\ with\ ([0-9]+)$ ]] && want=${BASH_REMATCH[1]}
	# by way of a file: what goes on in the background holds a pipe open
	bash -c "$2" >"$WORK/example.out" 2>&1 </dev/null
	status=$?
	got=$(cat "$WORK/example.out")
	is "$1: status of: $2" "$status" "$want" || printf '%s\n' "$got" >&2
	[ -n "$3" ] || return
	pattern=$(example_pattern "${3%$'\n'}")
	# shellcheck disable=SC2053 # a pattern
	if [[ $got == $pattern ]]; then
		tap_result 0 "$1: output of: $2"
	else
		diff <(echo "${3%$'\n'}") <(echo "$got") >&2
		tap_result 1 "$1: output of: $2"
	fi
}

# Run the examples on standard input in the present folder.
examples_run() { # DOCUMENT
	local line command='' expected=''

	while IFS= read -r line <&3; do
		case $line in
		'$ '* | $'\f')
			[ -z "$command" ] || example_check "$1" "$command" "$expected"
			command=${line#'$ '} expected=''
			[ "$line" = $'\f' ] && command=''
			;;
		'> '*) command+=$'\n'${line#> } ;;
		*) expected+=$line$'\n' ;;
		esac
	done 3<&0
}

# A folder with the files that examples name: those of testdata/examples, and what its script
# `prepare` makes.
examples_folder() { # FOLDER
	mkdir -p "$1"
	[ -d "$TOP/testdata/examples" ] || return 0
	cp -r "$TOP/testdata/examples/." "$1"
	if [ -x "$1/prepare" ]; then
		(cd "$1" && ./prepare && rm prepare)
	fi
}
