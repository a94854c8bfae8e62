# Shared by the executables in tools/: the cache, and a line per step with elapsed time.
# Sourced, not run.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${DELIVERY_CACHE:-$HOME/.cache/delivery-operator}
# One environment per checkout: two clones side by side must not pull each other's editable installs.
VENV=$CACHE/venv-$(printf %s "$ROOT" | sha256sum | cut -c1-10)
LOGS=$CACHE/logs/$(basename "$VENV")
export DELIVERY_CACHE=$CACHE
mkdir -p "$LOGS"
STARTED=$SECONDS

elapsed() { printf '%02d:%02d' $(((SECONDS - STARTED) / 60)) $(((SECONDS - STARTED) % 60)); }

say() { printf '[%s] %s\n' "$(elapsed)" "$*"; }

# quietly NAME COMMAND...: run with output to a log; on failure show its end.
quietly() {
    local name=$1 log=$LOGS/${1// /-}.log start=$SECONDS
    shift
    say "$name ..."
    if ! "$@" >"$log" 2>&1; then
        tail -n 40 "$log"
        say "$name FAILED after $((SECONDS - start)) s; whole log: $log"
        return 1
    fi
    say "$name done in $((SECONDS - start)) s"
}

# openly NAME COMMAND...: run with output shown.
openly() {
    local name=$1 start=$SECONDS
    shift
    say "$name ..."
    if ! "$@"; then
        say "$name FAILED after $((SECONDS - start)) s"
        return 1
    fi
    say "$name done in $((SECONDS - start)) s"
}
