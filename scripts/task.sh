#!/bin/sh
# Becomes a task on the pinned Node, or on the present one where none is packaged (up.mjs has checked that it is young enough).
here=$(dirname "$0")
PATH="$here/../node_modules/.bin:$PATH"
export PATH
exec node "$here/task.mjs" "$@"
