# acquit as an image: Python, what requirements.lock names by hash, and acquit. No shell is needed to run it.
# 3.11 is the Python that the tests run on. An exact tag: a digest is pinned by whoever publishes the image.
FROM python:3.11.15-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY requirements.lock requirements-build.lock ./
# borghash comes as source alone, and a C compiler is in this image and not in the slim one. All else is a wheel.
RUN python -m pip install --require-hashes --only-binary :all: -r requirements-build.lock \
    && python -m pip wheel --require-hashes --only-binary :all: --no-binary borghash --no-build-isolation --wheel-dir wheels -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN python -m pip wheel --no-deps --no-build-isolation --wheel-dir wheels . \
    && python -m venv --without-pip /opt/acquit \
    && python -m pip --python /opt/acquit/bin/python install --no-index --find-links wheels "acquit[worker]"

FROM python:3.11.15-slim-bookworm
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="acquit" \
      org.opencontainers.image.description="What became of each message and why, and who must not be contacted" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="docker.io/library/python:3.11.15-slim-bookworm"
COPY --from=build /opt/acquit /opt/acquit
ENV PATH=/opt/acquit/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ACQUIT_HTTP_HOST=0.0.0.0
# Nothing is written but to /tmp: run it with a read-only root file system.
USER 65532:65532
WORKDIR /tmp
EXPOSE 9464
STOPSIGNAL SIGTERM
# Not live: only a new start helps. Orchestrators ask /livez and /readyz by themselves.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ.get('ACQUIT_HTTP_PORT', '9464')}/livez\", timeout=3)"]
ENTRYPOINT ["acquit"]
CMD ["worker"]
