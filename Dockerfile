FROM node:22-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npx prisma generate && npm run build
# These two are tools that Prisma's client names as its peers, so that leaving out development's packages keeps them.
RUN npm uninstall --omit=dev --ignore-scripts --no-audit --no-fund prisma typescript

FROM node:22-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/prisma/migrations ./prisma/migrations
COPY --from=build /app/dist ./dist
# By number: by a name, Kubernetes can't tell that it is not root.
USER 1000:1000
# To serve nothing but what your front ends were built with, mount their manifests and set TRUSTED_DOCUMENTS and
# TRUSTED_DOCUMENTS_ONLY=on: docs/configuration.md.
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/main.js"]
