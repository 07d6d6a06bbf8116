# An image for CI runners: anyunix with all that it can make use of. From the root of a checkout:
#   docker build -f Dockerfiles/anyunix.Dockerfile -t anyunix .
ARG BASE=python:3.13-slim-trixie
FROM ${BASE} AS wheel
COPY . /src
RUN pip wheel --quiet --no-deps --wheel-dir /wheel /src

FROM ${BASE}
# compilers and a tracer for platforms that are this container, unshare for local-v6only, SSH for machines elsewhere, the
# client of the Docker engine for what a pipeline keeps of its images
RUN apt-get update && \
    apt-get install -y --no-install-recommends \
        docker-cli gcc git libc6-dev make openssh-client strace uidmap util-linux && \
    rm -rf /var/lib/apt/lists/*
COPY --from=wheel /wheel /wheel
RUN pip install --no-cache-dir "$(echo /wheel/anyunix-*.whl)[cross]" && anyunix --version
# no entry point: CI systems start a shell
CMD ["anyunix", "--help"]
