import { after, before } from "node:test";
import { storeConformance } from "../../packages/server/test/conformance/suite.ts";
import { Place } from "./place.ts";
import { PostgresServer } from "./postgres-server.ts";

let server: PostgresServer;
const places = new Map<string, Place>();

before(async () => {
  server = await PostgresServer.start();
});
after(async () => {
  // Those of tests that failed.
  await Promise.all([...places.values()].map((place) => place.discard()));
  await server.discard();
});

storeConformance("PostgreSQL", {
  newPlace: async () => {
    const place = await Place.make(server);
    places.set(place.schema, place);
    return place.schema;
  },
  open: (schema, now) => placeOf(schema).open({ now }),
  discard: async (schema) => {
    await placeOf(schema).discard();
    places.delete(schema);
  },
  isSlow: true,
});

function placeOf(schema: string): Place {
  const place = places.get(schema);
  if (!place) throw new Error(`There is no place ${schema}.`);
  return place;
}
