#!/usr/bin/env bash
# Makes what a deployment keeps secret, in secrets/ beside this file, readable by nobody else:
#
#   postgres             password of PostgreSQL's superuser
#   migrate.env          the superuser's address and the passwords of the four roles, for `kexiang migrate`
#   SERVICE.env          a service's own address of the database
#   signing-key.pem      key that tokens are signed with; jwks.json is its public half
#   customer-keys.toml   keys that seal all personal data: without them no customer can be read, not even from a backup
#   SERVICE.token        token that a service shows to others, good for a year
#
# What is there already stays, so that it is safe to run again; `init.sh --renew` makes new service tokens, which the running
# services take up by themselves. KEXIANG_IMAGE names the image, DATABASE_HOST another PostgreSQL than the one of compose.yaml.
set -euo pipefail
cd "$(dirname "$0")"
image=${KEXIANG_IMAGE:-$(sed -n 's/^KEXIANG_IMAGE=//p' .env 2> /dev/null || true)}
image=${image:-kexiang}
host=${DATABASE_HOST:-postgres:5432}
services=(intake dispatch customer-records reporting)
umask 077
mkdir -p secrets

password() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
# secret FILE: writes standard input, unless the file is there.
secret() { if [[ -s secrets/$1 ]]; then cat > /dev/null; else cat > "secrets/$1.new" && mv "secrets/$1.new" "secrets/$1"; fi; }

if [[ ! -s secrets/migrate.env ]]; then
  password | secret postgres
  migrate="KEXIANG_ADMIN_URL=postgres://postgres:$(cat secrets/postgres)@$host/postgres"
  for service in "${services[@]}"; do
    name=${service//-/_} password=$(password)
    echo "KEXIANG_${name^^}_DATABASE_URL=postgres://kexiang_$name:$password@$host/kexiang" > "secrets/$service.env"
    migrate+=$'\n'"KEXIANG_${name^^}_PASSWORD=$password"
  done
  echo "$migrate" | secret migrate.env
fi

key() { head -c 32 /dev/urandom | base64 -w0; }
printf 'current = "1"\nindex = "%s"\n\n[keys]\n1 = "%s"\n' "$(key)" "$(key)" | secret customer-keys.toml

# Containers run as whoever owns the secrets; root gives them to the image's own user.
user=$(id -u):$(id -g)
if [[ $(id -u) == 0 ]]; then user=10001:10001; chown -R "$user" secrets; fi
[[ -s .env ]] || printf 'KEXIANG_IMAGE=%s\nKEXIANG_USER=%s\n' "$image" "$user" > .env

kexiang() { docker run --rm --user "$user" --network none --volume "$PWD/secrets:/secrets" "$image" "$@" --data-dir /secrets; }

# Makes the signing key, too.
[[ -s secrets/jwks.json ]] || kexiang key | secret jwks.json
for service in "${services[@]}"; do
  if [[ -s secrets/$service.token && ${1:-} != --renew ]]; then continue; fi
  token=$(kexiang token --role service --subject "$service" --ttl 365d)
  # Into the same file: a container that runs has mounted this one, not its name.
  printf '%s\n' "$token" > "secrets/$service.token"
done
if [[ $(id -u) == 0 ]]; then chown -R "$user" secrets; fi
echo "secrets/ is complete. Next: docker compose up --wait"
