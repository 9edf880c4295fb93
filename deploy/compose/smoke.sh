#!/usr/bin/env bash
# The way of a case through a running Kexiang, by its gateway alone: readiness, a desk, a case, its work order done and verified,
# the customer's timeline, and the report of the day. Run it after `docker compose up --wait`. Safe to run again: everything
# it makes has names of its own.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")"
if [[ -f .env ]]; then set -a; . ./.env; set +a; fi
gateway=http://127.0.0.1:${KEXIANG_PORT:-8080}
image=${KEXIANG_IMAGE:-kexiang}
run=$(date +%s)
exec 3>&1

say() { printf '%s\n' "$*" >&3; }
fail() { say "FAILED: $*"; exit 1; }

# token ROLE SUBJECT: signed with the key in secrets/, by the same image.
token() {
  docker run --rm --user "${KEXIANG_USER:-10001:10001}" --network none --volume "$PWD/secrets:/secrets:ro" "$image" \
    token --data-dir /secrets --role "$1" --subject "$2" --ttl 10m
}

# field PATH: a value of the JSON on standard input, such as workOrders.0.name; empty when absent.
field() {
  python3 -c '
import json, sys
value = json.loads(sys.stdin.read() or "null")
for step in sys.argv[1].split("."):
    value = (value[int(step)] if step.isdigit() and int(step) < len(value) else None) if isinstance(value, list) else (value or {}).get(step)
print("" if value is None else value)' "$1"
}

# call TOKEN METHOD PATH [BODY]: prints the answer; anything but 2xx ends the test.
call() {
  local answer status
  answer=$(curl --silent --show-error --max-time 20 --write-out '\n%{http_code}' --request "$2" \
    --header "authorization: Bearer $1" ${4:+--header 'content-type: application/json' --data "$4"} "$gateway$3")
  status=${answer##*$'\n'}
  [[ $status == 2* ]] || fail "$2 $3 answered $status: ${answer%$'\n'*}"
  printf '%s' "${answer%$'\n'*}"
}

# until_found WHAT COMMAND…: repeats a command for 20 s until it prints something, and prints that.
until_found() {
  local what=$1 found; shift
  for _ in $(seq 100); do
    found=$("$@")
    if [[ -n $found ]]; then printf '%s' "$found"; return; fi
    sleep 0.2
  done
  fail "no $what within 20 s"
}

say "1. $gateway is ready"
for _ in $(seq 100); do
  curl --silent --fail --max-time 5 --output /dev/null "$gateway/readyz" && break
  sleep 0.3
done
curl --silent --fail --max-time 5 --output /dev/null "$gateway/readyz" || fail "not ready: $(curl --silent "$gateway/readyz")"
[[ $(curl --silent --output /dev/null --write-out '%{http_code}' "$gateway/v1/sites") == 401 ]] || fail 'a call without token was not refused'

say '2. a site, a unit, two people, a route'
administrator=$(token administrator smoke-admin)
site=smoke-$run unit=grid-$run doer=doer-$run checker=checker-$run
call "$administrator" POST "/v1/sites?siteId=$site" '{"displayName": "Smoke", "timeZone": "Asia/Shanghai"}' > /dev/null
call "$administrator" POST "/v1/units?unitId=$unit" '{"displayName": "Grid"}' > /dev/null
call "$administrator" POST "/v1/agents?agentId=$doer" "{\"displayName\": \"Doer\", \"unit\": \"units/$unit\"}" > /dev/null
call "$administrator" POST /v1/routes "{\"site\": \"sites/$site\", \"unit\": \"units/$unit\"}" > /dev/null
call "$administrator" POST "/v1/agents/$doer:signIn" '{}' > /dev/null

say '3. a case is accepted, and the same request gives the same case'
desk=$(token agent "desk-$run")
phone=+86138$(printf '%08d' $((run % 100000000)))
request=$(python3 -c 'import uuid; print(uuid.uuid4())')
body="{\"requestId\": \"$request\",
  \"contact\": {\"site\": \"sites/$site\", \"channel\": \"CHANNEL_HOTLINE\", \"caller\": {\"displayName\": \"王芳\", \"phone\": \"$phone\"}, \"need\": \"宽带不通\"},
  \"case\": {\"kind\": \"KIND_SERVICE_ORDER\", \"category\": \"broadband.repair\", \"title\": \"Broadband is down\"}}"
case=$(call "$desk" POST /v1/cases "$body" | field name)
again=$(call "$desk" POST /v1/cases "$body" | field name)
[[ -n $case && $case == "$again" ]] || fail "two answers to one request: $case and $again"

say "4. $case has a work order, assigned with its reasons"
technician=$(token technician "$doer")
assigned() { call "$administrator" GET "/v1/workOrders?case=$case&state=WORK_ORDER_STATE_ASSIGNED" | field workOrders.0.name; }
order=$(until_found 'assigned work order' assigned)
outcome=$(call "$administrator" GET "/v1/$order/assignments" | field assignments.0.candidates.0.outcome)
[[ $outcome == OUTCOME_CHOSEN ]] || fail "the assignment gives no chosen candidate: $outcome"

say '5. it is done with proof and verified by another'
call "$technician" POST "/v1/$order:accept" '{}' > /dev/null
call "$technician" POST "/v1/$order:start" '{}' > /dev/null
call "$technician" POST "/v1/$order:finish" '{"proof": {"report": "Line repaired", "evidence": ["photo/1.jpg"]}}' > /dev/null
call "$(token supervisor "$checker")" POST "/v1/$order:verify" '{}' > /dev/null
resolved() { call "$desk" GET "/v1/$case" | field resolveTime; }
until_found 'resolution of the case' resolved > /dev/null

say '6. the customer is informed, the case closed'
call "$desk" POST "/v1/$case:inform" '{"channel": "CHANNEL_HOTLINE"}' > /dev/null
call "$desk" POST "/v1/$case:close" '{}' > /dev/null

say '7. the timeline of the customer shows it'
customer() { call "$desk" GET "/v1/$case" | field customer; }
closed() { call "$desk" GET "/v1/$customer/timelineEntries" | grep -o 'case\.closed' || true; }
customer=$(until_found 'customer of the case' customer)
until_found 'closed case on the timeline' closed > /dev/null

say '8. the report of the day counts it'
today=$(TZ=Asia/Shanghai date +%F)
counted() { call "$administrator" GET "/v1/sites/$site/dayReports/$today" | field total.resolved | grep -x '[1-9][0-9]*' || true; }
[[ $(until_found 'report with the case' counted) == 1 ]] || fail 'the report counts another number of cases'
[[ $(call "$administrator" GET "/v1/sites/$site/dayReports/$today" | field total.received) == 1 ]] || fail 'received is not 1'

say 'smoke test passed'
