# A machine to reach over SSH: Python, no compiler, an ordinary user whose login shell is csh.
FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends openssh-server tcsh python3-minimal libpython3-stdlib \
    && useradd -m -s /bin/tcsh ada && mkdir -p /run/sshd \
    && printf 'echo "Welcome to csh, it is `date`"\n' > /home/ada/.cshrc && rm -rf /var/lib/apt/lists/*
CMD ["sh", "-c", "printf '%s\\n' \"$KEY\" > /etc/ssh/keys && exec /usr/sbin/sshd -D -e -o AuthorizedKeysFile=/etc/ssh/keys -o SetEnv=TMPDIR=$WHERE"]
