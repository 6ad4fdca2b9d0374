FROM node:22-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npx prisma generate && npm run build
# The packages of production. Prisma's client has the tools prisma and typescript as peer dependencies: without
# --legacy-peer-deps npm would install them. Of the client's query compilers only that of PostgreSQL is loaded.
RUN npm ci --omit=dev --legacy-peer-deps --ignore-scripts --no-audit --no-fund
RUN find node_modules -name '*.map' -delete && \
  find node_modules/@prisma/client/runtime -name 'query_compiler_*' ! -name '*.postgresql.*' -delete

FROM node:22-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/prisma/migrations ./prisma/migrations
COPY --from=build /app/dist ./dist
# For the file of ERASURE_LIST: a new volume that is mounted here takes the rights of this folder. Otherwise only root could
# write to it.
RUN mkdir --mode=777 records
# A number, because Kubernetes cannot verify from a name that the user is not root.
USER 1000:1000
# To execute only the documents of your front ends, mount their manifests and set TRUSTED_DOCUMENTS and
# TRUSTED_DOCUMENTS_ONLY=on: see docs/configuration.md.
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/main.js"]
