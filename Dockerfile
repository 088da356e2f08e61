# The server and the command mission-control. Build it in this folder: docker build -t mission-control .
FROM node:24-slim AS build
WORKDIR /build
COPY . .
RUN npm ci && npm run build

FROM node:24-slim
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    MISSION_CONTROL_DATA_DIR=/var/lib/mission-control
WORKDIR /opt/mission-control
# Both are bundles, which hold what they depend on: nothing is installed here.
COPY --from=build /build/LICENSE ./
COPY --from=build /build/packages/dashboard/dist packages/dashboard/dist
COPY --from=build /build/packages/server/package.json packages/server/package.json
COPY --from=build /build/packages/server/dist/bundle packages/server/dist/bundle
COPY --from=build /build/packages/cli/package.json packages/cli/package.json
COPY --from=build /build/packages/cli/bin packages/cli/bin
COPY --from=build /build/packages/cli/dist/bundle packages/cli/dist/bundle
RUN mkdir -p node_modules/@mission-control \
    && ln -s ../../packages/server node_modules/@mission-control/server \
    && ln -s /opt/mission-control/packages/cli/bin/mission-control.js /usr/local/bin/mission-control \
    && install -d -o node -g node -m 700 /var/lib/mission-control
USER node
VOLUME /var/lib/mission-control
EXPOSE 4000
# Able to take callbacks: false while the server stops, too.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 4000) + '/readyz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# SIGTERM ends it in order, within ten seconds.
CMD ["mission-control", "start"]
