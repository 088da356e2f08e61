#!/bin/sh
# Reports to Mission Control from any shell: needs a POSIX sh, curl, openssl, awk and od. One file, copy it anywhere.
#
#   mission-control-report.sh progress "Reading src/auth.ts" --progress 0.2
#   mission-control-report.sh complete "Fixed the race" --data '{"files":2}'
#   mission-control-report.sh error "Tests fail" --last-state "fix written"
#   echo '{"kind":"tool","title":"npm test","state":"running"}' | mission-control-report.sh progress --entry -
#   mission-control-report.sh artifact build/report.html --type text/html
#
# Exit code: 0 stored by Mission Control, 1 not delivered (the reason is on stderr), 2 wrong use.
set -u

usage() {
  cat <<'TEXT'
Usage: mission-control-report.sh progress|complete|error [TEXT] [option ...]
       mission-control-report.sh artifact FILE [option ...]

  --progress N         0 to 1, with progress
  --entry FILE         with progress: JSON of what was said or done, for the transcript; - is the standard input
  --last-state TEXT    the last state reached, with error
  --name NAME          with artifact: what it is called (default: the file's name)
  --type TYPE          with artifact: its media type (default: application/octet-stream)
  --data JSON          a JSON object of your own
  --usage JSON         {"inputTokens":0,"outputTokens":0,"cost":{"amount":0.01,"currency":"USD"}}, in total
  --timeout SECONDS    give up after this long (progress: 20; others: the whole schedule)
  --url URL            or MISSION_CONTROL_CALLBACK_URL
  --task-id ID         or MISSION_CONTROL_TASK_ID
  --agent-id ID        or MISSION_CONTROL_AGENT_ID

The secret is read from MISSION_CONTROL_CALLBACK_SECRET alone: what is on a command line can be seen by others.
MISSION_CONTROL_RETRY_WAITS sets the longest wait before each further try, in seconds ("1 1 5 30 120 600").
TEXT
}

wrong_use() {
  printf '%s\nTry --help.\n' "$1" >&2
  exit 2
}

# --- JSON and signing ------------------------------------------------------------------------------------------

# A JSON string of $1. In the C locale awk passes UTF-8 through byte by byte.
json_string() {
  printf '%s' "$1" | LC_ALL=C awk '
    BEGIN {
      for (i = 1; i < 32; i++) escaped[sprintf("%c", i)] = sprintf("\\u%04x", i)
      escaped["\""] = "\\\""
      escaped["\\"] = "\\\\"
      printf "\""
    }
    {
      if (NR > 1) printf "\\n"
      out = ""
      n = length($0)
      for (i = 1; i <= n; i++) {
        c = substr($0, i, 1)
        out = out (c in escaped ? escaped[c] : c)
      }
      printf "%s", out
    }
    END { printf "\"" }'
}

# Hex of stdin.
hex() { od -An -v -tx1 | tr -d ' \n'; }

# Hex $1, each byte xor $2, as octal escapes for printf; filled up to $3 bytes. No program sees the key as an argument.
octal() {
  rest=$1 mask=$2 fill=$3 out='' count=0
  while [ -n "$rest" ] || [ "$count" -lt "$fill" ]; do
    byte=0
    if [ -n "$rest" ]; then
      tail=${rest#??}
      byte=$((0x${rest%"$tail"}))
      rest=$tail
    fi
    byte=$((byte ^ mask))
    out="$out\\$((byte / 64))$((byte / 8 % 8))$((byte % 8))"
    count=$((count + 1))
  done
  printf '%s' "$out"
}

# How many characters a UTF-8 text has, in any locale: its bytes without those that continue a character.
characters() {
  printf '%s' "$1" | LC_ALL=C tr -d '\200-\277' | wc -c
}

# The key, in hex, that the secret stands for: base64 of at least 24 bytes, with or without whsec_, or a passphrase of
# at least 24 characters, taken as it is. Fails where it is neither.
key_of_secret() {
  encoded=${secret#whsec_}
  decoded=$(printf '%s' "$encoded" | openssl base64 -d -A 2>/dev/null | hex)
  written=$(printf '%s' "$encoded" | openssl base64 -d -A 2>/dev/null | openssl base64 -A)
  if [ "$written" = "$encoded" ] && [ "${#decoded}" -ge 48 ]; then
    printf '%s' "$decoded"
  elif [ "$encoded" = "$secret" ] && [ "$(characters "$secret")" -ge 24 ]; then
    printf '%s' "$secret" | hex
  else
    return 1
  fi
}

# The bytes of HMAC-SHA256 (RFC 2104) over the text $2, with the key that is $1 in hex.
hmac() {
  key=$1
  [ "${#key}" -le 128 ] || key=$(printf "$(octal "$key" 0 0)" | openssl dgst -sha256 -binary | hex)
  inner=$({ printf "$(octal "$key" 54 64)"; printf '%s' "$2"; } | openssl dgst -sha256 -binary | hex)
  { printf "$(octal "$key" 92 64)"; printf "$(octal "$inner" 0 0)"; } | openssl dgst -sha256 -binary
}

# Base64 of the signature over "id.timestamp.body".
sign() { hmac "$(key_of_secret)" "$1.$2.$3" | openssl base64 -A; }

# Hex of the signature over an upload's dispatch, name and digest, a line feed between them. Its key is the secret as written.
sign_upload() {
  hmac "$(printf '%s' "$secret" | hex)" "$1
$2
$3" | hex
}

# --- Retrying --------------------------------------------------------------------------------------------------

# A random whole number from 0 to $1.
random_upto() {
  bytes=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
  echo $((bytes % ($1 + 1)))
}

# Seconds since the epoch that an HTTP date of $1 stands for. Nothing when it cannot be read.
http_date() {
  printf '%s\n' "$1" | awk '
    /^[A-Z][a-z][a-z], [0-9][0-9] [A-Z][a-z][a-z] [0-9][0-9][0-9][0-9] [0-9:]+ GMT$/ {
      month = (index("JanFebMarAprMayJunJulAugSepOctNovDec", $3) + 2) / 3
      year = $4 - (month <= 2)
      era_day = int((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + $2 - 1
      days = 365 * year + int(year / 4) - int(year / 100) + int(year / 400) + era_day - 719468
      split($5, clock, ":")
      printf "%.0f", days * 86400 + clock[1] * 3600 + clock[2] * 60 + clock[3]
    }'
}

# Seconds that a Retry-After of $1 asks to wait, an hour at most: a number, or an HTTP date by the server's clock $2.
retry_after() {
  case $1 in
    '' | *[!0-9]*)
      seconds=$(http_date "$1")
      seconds=$((${seconds:-$2} - $2)) ;;
    *) [ "${#1}" -le 5 ] && seconds=${1#"${1%%[!0]*}"} || seconds=3600 ;;
  esac
  [ "${seconds:=0}" -ge 0 ] || seconds=0
  [ "$seconds" -le 3600 ] || seconds=3600
  echo "$seconds"
}

# The value of the last answer's header whose name matches $1.
header() { sed -n "s/^$1: *\\([^$return]*\\).*/\\1/p" "$folder/headers" | tail -n 1; }

# A stranger's text, stdin, as part of a line: characters that do something to a terminal, and all beyond ASCII, are spaces.
one_line() { LC_ALL=C tr -c '\041-\176' ' ' | sed 's/  */ /g; s/^ //; s/ $//'; }

# Whether the last answer says that the callback is stored: a 2xx, unless something else came with it, such as a log-in page.
is_stored() {
  case $status in 2??) ;; *) return 1 ;; esac
  [ -s "$folder/answer" ] || return 0
  tr -d '\r\n' <"$folder/answer" | grep -Eq '^ *\{.*\} *$' && ! grep -Eq '"ok" *: *(false|null)' "$folder/answer"
}

# What the last answer is, in words: where it points, or its type and beginning.
describe_answer() {
  location=$(header '[Ll]ocation' | one_line)
  if [ -n "$location" ]; then
    printf '%s' "redirected to $location; callbacks follow no redirects"
    return
  fi
  type=$(header '[Cc]ontent-[Tt]ype' | one_line)
  beginning=$(head -c 1000 "$folder/answer" | one_line | cut -c 1-80)
  printf '%s' "${type:-no content type}, ${beginning:-empty}"
}

# One try: sets $status (000 when no answer came), $reason, $server_time and $skew, in seconds.
try() {
  timestamp=$(date +%s)
  limit=$try_timeout
  if [ "$deadline" -gt 0 ]; then
    left=$((deadline - timestamp))
    [ "$left" -ge "$limit" ] || limit=$((left > 0 ? left : 1))
  fi
  : >"$folder/headers" >"$folder/answer" >"$folder/error"
  # An answer without end is cut off at 1 MiB (in blocks of 512 bytes).
  (
    ulimit -f 2048
    if [ "$verb" = artifact ]; then
      exec curl -sS --max-time "$limit" --proto '=http,https' -T "$text" \
        -H "content-type: $media_type" -H "content-digest: $digest" -H "x-signature-sha256: sha256=$signature" \
        -D "$folder/headers" -o "$folder/answer" "$url"
    fi
    signature=$(sign "$id" "$timestamp" "$body")
    printf '%s' "$body" | curl -sS --max-time "$limit" --proto '=http,https' \
      -H 'content-type: application/json' -H "webhook-id: $id" -H "webhook-timestamp: $timestamp" \
      -H "webhook-signature: v1,$signature" --data-binary @- \
      -D "$folder/headers" -o "$folder/answer" "$url"
  ) 2>"$folder/error"
  status=000 skew=0
  if grep -q "^$return\$" "$folder/headers"; then
    status=$(sed -n 's/^HTTP\/[0-9.]* \([0-9][0-9][0-9]\).*/\1/p' "$folder/headers" | tail -n 1)
  fi
  if [ "${status:=000}" = 000 ]; then
    reason=$(sed -n '1s/^curl: ([0-9]*) //p' "$folder/error")
    reason=${reason:-no answer}
    return
  fi
  detail=$(sed -n 's/.*"detail" *: *"\(\([^"\\]\|\\.\)*\)".*/\1/p' "$folder/answer" | head -n 1 | tr '\001-\037\177' ' ')
  reason="HTTP $status${detail:+: ${detail%.}}"
  case $status in
    [23]??) is_stored || reason="$reason, which is not Mission Control's word that it is stored ($(describe_answer))" ;;
  esac
  now=$(date +%s)
  server_time=$(http_date "$(header '[Dd]ate')")
  server_time=${server_time:-$now}
  skew=$((now - server_time))
  if [ "$status" = 401 ] && [ "${skew#-}" -gt 300 ]; then
    reason="$reason (this machine's clock is ${skew#-} s $([ "$skew" -lt 0 ] && echo behind || echo 'ahead of') the server's: set right the one that is wrong)"
  fi
}

# Whether the last try is worth another: no answer of Mission Control, none that is final, or a signature refused by a
# server with another clock, which may be the one that is wrong.
is_retryable() {
  case $status in
    408 | 425 | 429 | [!4]??) return 0 ;;
    401) [ "${skew#-}" -gt 300 ] ;;
    *) return 1 ;;
  esac
}

deliver() {
  for wait in $waits end; do
    try
    if is_stored; then
      state=$(sed -n 's/.*"taskStatus" *: *"\([a-z_]*\)".*/\1/p' "$folder/answer" | head -n 1)
      printf 'Reported%s.\n' "${state:+; the task is $state}"
      return 0
    fi
    if ! is_retryable; then
      printf 'Mission Control refused the %s: %s.\n' "$verb" "$reason" >&2
      return 1
    fi
    [ "$wait" != end ] || break
    pause=$(random_upto "$wait")
    if [ "$status" != 000 ]; then
      pause=$((pause + $(retry_after "$(header '[Rr]etry-[Aa]fter')" "$server_time")))
    fi
    if [ "$deadline" -gt 0 ] && [ $(($(date +%s) + pause)) -ge "$deadline" ]; then break; fi
    sleep "$pause"
  done
  printf 'The %s could not be delivered; the last try met: %s.\n' "$verb" "$reason" >&2
  return 1
}

# --- The command -----------------------------------------------------------------------------------------------

case ${1-} in
  -h | --help) usage; exit 0 ;;
  progress | complete | error | artifact) verb=$1 ;;
  '') wrong_use 'What shall be reported: progress, complete, error or artifact?' ;;
  *) wrong_use "\"$1\" is not one of progress, complete, error and artifact." ;;
esac
shift
case ${1---} in
  --*) has_text='' text='' ;;
  *) has_text=yes text=$1; shift ;;
esac

url=${MISSION_CONTROL_CALLBACK_URL-} secret=${MISSION_CONTROL_CALLBACK_SECRET-}
task=${MISSION_CONTROL_TASK_ID-} agent=${MISSION_CONTROL_AGENT_ID-}
waits=${MISSION_CONTROL_RETRY_WAITS-1 1 5 30 120 600}
progress='' entry='' last_state='' data='' used='' timeout='' name='' media_type=application/octet-stream
while [ $# -gt 0 ]; do
  [ $# -gt 1 ] || wrong_use "$1 needs a value."
  case $1 in
    --progress) progress=$2 ;;
    --entry)
      [ "$verb" = progress ] || wrong_use '--entry goes with progress alone.'
      if [ "$2" = - ]; then entry=$(cat); else entry=$(cat -- "$2") || exit 2; fi
      [ -n "$entry" ] || wrong_use 'The entry is empty.' ;;
    --last-state) last_state=$2 ;;
    --name) name=$2 ;;
    --type) media_type=$2 ;;
    --data) data=$2 ;;
    --usage) used=$2 ;;
    --timeout) timeout=$2 ;;
    --url) url=$2 ;;
    --task-id) task=$2 ;;
    --agent-id) agent=$2 ;;
    *) wrong_use "$1 is not an option." ;;
  esac
  shift 2
done

# A completion needs no words, and neither does an entry.
[ -n "$has_text$entry" ] || [ "$verb" = complete ] || wrong_use "The text of the $verb is missing."
[ -n "$url" ] || wrong_use 'The callback URL is missing: set MISSION_CONTROL_CALLBACK_URL.'
[ -n "$secret" ] || wrong_use 'The callback secret is missing: set MISSION_CONTROL_CALLBACK_SECRET.'
key_of_secret >/dev/null || wrong_use 'The callback secret must be base64 of at least 24 bytes, with or without whsec_ before it, or a passphrase of at least 24 characters.'
[ -n "$task" ] || wrong_use 'The task id is missing: set MISSION_CONTROL_TASK_ID.'
[ -n "$agent" ] || wrong_use 'The agent id is missing: set MISSION_CONTROL_AGENT_ID.'
if [ -n "$progress" ]; then
  printf '%s\n' "$progress" | grep -Eq '^(0(\.[0-9]+)?|1(\.0+)?)$' || wrong_use 'progress is a number from 0 to 1.'
fi
case $timeout in *[!0-9]* | ?????????*) wrong_use 'timeout is a number of seconds, of 8 digits at most.' ;; esac
for wait in $waits; do
  case $wait in *[!0-9]* | ??????*) wrong_use 'MISSION_CONTROL_RETRY_WAITS is a list of seconds, of 5 digits at most.' ;; esac
done

try_timeout=10
if [ "$verb" = artifact ]; then
  [ -f "$text" ] && [ -r "$text" ] || wrong_use "There is no file \"$text\" that can be read."
  url=${url%%\?*} url=${url%/}
  dispatch=${url##*/}
  [ "$dispatch" != callback ] || wrong_use "The shared callback URL takes no artifacts: report to the dispatch's own."
  name=${name:-${text##*/}}
  digest="sha-256=:$(openssl dgst -sha256 -binary <"$text" | openssl base64 -A):"
  signature=$(sign_upload "$dispatch" "$name" "$digest")
  url="$url/artifacts/$(printf '%s' "$name" | hex | sed 's/../%&/g')"
  # As long as a line of 20 kB a second needs for it.
  try_timeout=$((10 + $(wc -c <"$text") / 20000))
fi

id="msg_$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
case $verb in progress | artifact) field=message ;; complete) field=summary ;; error) field=error ;; esac
body="{\"id\":\"$id\",\"taskId\":$(json_string "$task"),\"agentId\":$(json_string "$agent"),\"type\":\"$verb\""
[ -n "$entry" ] && [ -z "$has_text" ] || body="$body,\"$field\":$(json_string "$text")"
[ -z "$entry" ] || body="$body,\"entry\":$entry"
[ -z "$progress" ] || body="$body,\"progress\":$progress"
[ -z "$last_state" ] || body="$body,\"lastState\":$(json_string "$last_state")"
[ -z "$data" ] || body="$body,\"data\":$data"
[ -z "$used" ] || body="$body,\"usage\":$used"
body="$body,\"timestamp\":\"$(date -u +%Y-%m-%dT%H:%M:%S.000Z)\"}"

[ -n "$timeout" ] || [ "$verb" != progress ] || timeout=20
deadline=0
[ -z "$timeout" ] || deadline=$(($(date +%s) + timeout))
return=$(printf '\r')
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
deliver
