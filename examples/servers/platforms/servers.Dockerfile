ARG BASE=debian:trixie-slim
FROM ${BASE}
# The servers as Debian packages them, and what the suite needs. None of them is started by its package.
RUN set -eu; \
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; \
    apt-get update; \
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        python3-minimal libpython3-stdlib strace \
        beanstalkd iperf3 memcached nginx-light openssh-server postgresql redis-server vsftpd \
        apache2-bin bind9 caddy dnsmasq-base dropbear-bin gunicorn haproxy lighttpd mosquitto ngircd nodejs openssl \
        rsync socat stunnel4 tinyproxy-bin unbound uvicorn xinetd; \
    rm -rf /var/lib/apt/lists/*
# Ordinary users may not read Debian's file for redis, nor enter the folder it names; initdb asks for the name of its user.
RUN set -eu; \
    chmod a+rX /etc/redis /etc/redis/redis.conf /var/lib/redis; \
    useradd --uid 1000 --no-create-home tester; \
    mkdir -p /run/sshd /var/run/vsftpd/empty; \
    ln -s /usr/lib/postgresql/*/bin/* /usr/local/bin/ 2>/dev/null || true
