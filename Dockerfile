# The image that operators run: server, PostgreSQL and 7-Zip in one, for amd64 and arm64.
#   docker build -t multitap .                                  for this machine
#   docker buildx build --platform linux/amd64,linux/arm64 .    for both
# It is made of Debian and npm packages alone. BASE is any Debian of that release.
ARG BASE=docker.io/library/debian:trixie-slim

FROM ${BASE} AS build
# Only for networks that have a registry or a certificate authority of their own.
ARG NPM_CONFIG_REGISTRY
ARG NODE_EXTRA_CA_CERTS
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates nodejs npm tini
WORKDIR /build
COPY package.json package-lock.json .npmrc bunfig.toml ./
COPY db/package.json db/
COPY native/package.json native/
COPY server/package.json server/
COPY client-sdk/package.json client-sdk/
RUN npm ci --no-audit --no-fund --loglevel=error
COPY . .
# The WebAssembly, the page and an empty database cluster.
RUN node_modules/.bin/bun native/build.ts \
 && node_modules/.bin/bun server/scripts/build-web.ts \
 && node_modules/.bin/bun scripts/image/bake-cluster.ts
# The runtime is a package that runs this very script, so it is kept until the last moment.
RUN npm prune --omit=dev --no-audit --no-fund --loglevel=error \
 && node_modules/bun/bin/bun.exe scripts/image/assemble.ts /image

FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Multitap" \
      org.opencontainers.image.description="Self-hosted server for retro-game libraries, saves and netplay" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /usr/bin/tini /usr/bin/tini
COPY --from=build /image/ /
# No VOLUME: a folder that nobody mounted must be told apart from one that somebody did.
ENV ROMM_BASE_PATH=/romm \
    BUN_RUNTIME_TRANSPILER_CACHE_PATH=0
WORKDIR /opt/multitap
EXPOSE 8080 55435
# Root only until the launcher has become PUID:PGID; any other user works, too.
USER 0:0
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s --retries=3 CMD ["multitap", "health"]
ENTRYPOINT ["/usr/bin/tini", "--", "multitap"]
CMD ["serve"]
