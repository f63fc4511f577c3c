#!/bin/sh
# Copyright 2026 The service-with-healthchecks authors
# SPDX-License-Identifier: Apache-2.0
#
# Installs the Debian packages that the demo, the end-to-end tests and the benchmarks need. Repeatable; does
# nothing when all are there.
set -eu

# package:a program of it that is looked for
wanted='iproute2:ip nftables:nft conntrack:conntrack iptables:iptables openssl:openssl binutils:strip
util-linux:setpriv procps:ps prometheus:promtool postgresql:/usr/lib/postgresql/*/bin/initdb
haproxy:haproxy prometheus-blackbox-exporter:prometheus-blackbox-exporter'

has() {
  case $1 in
    /*) for file in $1; do [ -x "$file" ] && return 0; done; return 1 ;;
    # Not every user's PATH has the system directories.
    *) PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1 ;;
  esac
}

# The pattern of PostgreSQL's path must stay a pattern.
set -f
missing=''
for entry in $wanted; do
  set +f
  has "${entry#*:}" || missing="$missing ${entry%%:*}"
  set -f
done
set +f
[ -n "$missing" ] || exit 0

if ! has apt-get; then
  echo "install-packages: this is no Debian or Ubuntu; install what these packages hold:$missing" >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "install-packages: needs root; run: sudo sh $0" >&2
  exit 1
fi

export DEBIAN_FRONTEND=noninteractive
# PostgreSQL is run by the tests themselves: no cluster is made or started on installation.
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
  mkdir -p /etc/postgresql-common
  printf 'create_main_cluster = false\n' >/etc/postgresql-common/createcluster.conf
elif ! grep -q '^create_main_cluster' /etc/postgresql-common/createcluster.conf; then
  printf '\ncreate_main_cluster = false\n' >>/etc/postgresql-common/createcluster.conf
fi

# Benchmarks and tests start these programs themselves, and of Prometheus only promtool. Their services are not started:
# where the packages' own rule forbids it there is nothing to do, elsewhere the unit is masked beforehand.
for package in prometheus haproxy prometheus-blackbox-exporter; do
  case "$missing " in
    *" $package "*) [ ! -d /run/systemd/system ] || systemctl mask --quiet "$package.service" ;;
  esac
done

echo "installing$missing …"
install() {
  # shellcheck disable=SC2086 # a list of names
  apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold $missing >/dev/null
}
# The package lists are fetched only when those at hand do not do.
install 2>/dev/null || { apt-get update -qq && install; }
echo 'installed'
