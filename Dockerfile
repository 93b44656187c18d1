# tend and all it needs, run as a user without rights. Secrets come from the environment at run time, never from here.

FROM python:3.13.9-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY schemas schemas
COPY rules rules
COPY streams streams
COPY infra infra
COPY agents agents
RUN python -m venv /opt/tend \
    && /opt/tend/bin/pip install --no-cache-dir --disable-pip-version-check '.[imports,otel]' --constraint constraints.txt

FROM python:3.13.9-slim-bookworm
RUN groupadd --gid 10001 tend \
    && useradd --uid 10001 --gid tend --no-create-home --home-dir /var/lib/tend --shell /usr/sbin/nologin tend \
    && install --directory --owner tend --group tend /var/lib/tend /backup
COPY --from=build /opt/tend /opt/tend
ENV PATH=/opt/tend/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TEND_DATA_DIR=/var/lib/tend \
    TEND_HTTP_HOST=0.0.0.0 \
    TEND_HTTP_PORT=9464
USER 10001:10001
WORKDIR /var/lib/tend
EXPOSE 9464
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:9464/healthz', timeout=2)"]
ENTRYPOINT ["tend"]
CMD ["worker"]
