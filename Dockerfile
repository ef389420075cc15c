# The service, its worker and its command line; LECTURES_DATA_DIR=/data is the only place that is written to.
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
# The built-in embedder needs no PyTorch. For sentence-transformers models: --build-arg EXTRAS=postgres,models, and with an
# index of CPU-only PyTorch (PIP_EXTRA_INDEX_URL) the image stays some gigabytes smaller.
ARG EXTRAS=postgres
ARG PIP_EXTRA_INDEX_URL=
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE ./
COPY index index
COPY ingest ingest
COPY service service
COPY migrations migrations
RUN python -m venv /opt/lectures \
    && /opt/lectures/bin/pip install --no-cache-dir --constraint constraints.txt ".[${EXTRAS}]"

FROM python:3.11-slim-bookworm
# git copies courses, tesseract reads pages that are pictures, tini starts everything else. Slides of PowerPoint are shown
# as pictures with --build-arg OFFICE=libreoffice-impress-nogui, some hundred megabytes more.
ARG OFFICE=
# hadolint ignore=DL3008,SC2086
RUN apt-get update \
    && apt-get install -y --no-install-recommends git tesseract-ocr tesseract-ocr-rus tini ${OFFICE} \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --create-home lectures \
    && install -d -o lectures -g lectures /data /shared
COPY --from=build /opt/lectures /opt/lectures
ENV PATH=/opt/lectures/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    LECTURES_DATA_DIR=/data \
    HF_HOME=/data/huggingface
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/livez', timeout=4)"]
# Inside a container the network in front decides who reaches the port: publish it to 127.0.0.1 only.
ENV LECTURES_ALLOW_PUBLIC=true
# The first process of a container is not ended by a signal that it does not handle yet: without tini, who is told to stop
# in the first seconds goes on until it is killed.
ENTRYPOINT ["/usr/bin/tini", "--"]
CMD ["lectures", "serve", "--host", "0.0.0.0"]
