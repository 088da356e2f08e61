import { after, before } from "node:test";
import type { Contents } from "../../packages/server/src/store/contents.ts";
import { contentConformance } from "../../packages/server/test/conformance/contents.ts";
import { Place } from "./place.ts";
import { PostgresServer } from "./postgres-server.ts";

let server: PostgresServer;
const places = new Map<Contents, Place>();

before(async () => {
  server = await PostgresServer.start();
});
after(async () => {
  await Promise.all([...places.values()].map((place) => place.discard()));
  await server.discard();
});

contentConformance("PostgreSQL", {
  async open(maxTotalBytes) {
    const place = await Place.make(server);
    const contents = (await place.open()).contents(maxTotalBytes);
    places.set(contents, place);
    return contents;
  },
  async discard(contents) {
    await places.get(contents)?.discard();
    places.delete(contents);
  },
});
