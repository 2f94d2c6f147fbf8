# Sourced by bin/outrigger and scripts/node.sh. Sets `node` to the newest Node.js that fits, or to ''.
# The candidates are the pinned one (an optional dependency of the package) and the one on the PATH.
# An install elsewhere hoists the pinned one, so every node_modules folder up to the root is looked at.

OLDEST_NODE_MAJOR=24 # `engines` in package.json

# Prints the version of a Node as one comparable number; 0 when it does not run here (missing, or for another libc).
node_rank() {
	version=$("$1" --version 2>/dev/null) || version=v0.0.0
	version=${version#v}
	version=${version%%-*}
	major=${version%%.*}
	minor=${version#*.}
	patch=${minor#*.}
	minor=${minor%%.*}
	case "$major$minor$patch" in
	'' | *[!0-9]*) echo 0 ;;
	*) echo $((major * 1000000 + minor * 1000 + patch)) ;;
	esac
}

# Prints the path of the pinned Node above folder $1; nothing when there is none.
pinned_node() {
	case "$(uname -s)-$(uname -m)" in
	Linux-x86_64 | Linux-amd64) arch=x64 ;;
	Linux-aarch64 | Linux-arm64) arch=arm64 ;;
	*) return 0 ;;
	esac
	dir=$1
	while :; do
		candidate=$dir/node_modules/node-linux-$arch/bin/node
		if [ -x "$candidate" ]; then
			echo "$candidate"
			return 0
		fi
		[ -n "$dir" ] || return 0
		dir=${dir%/*}
	done
}

find_node() {
	node=''
	best=$((OLDEST_NODE_MAJOR * 1000000 - 1))
	for candidate in "$(pinned_node "$1")" "$(command -v node 2>/dev/null || :)"; do
		[ -n "$candidate" ] || continue
		rank=$(node_rank "$candidate")
		if [ "$rank" -gt "$best" ]; then
			node=$candidate
			best=$rank
		fi
	done
}
