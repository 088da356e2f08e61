/**
 * What the server needs of `node:http`. An import by name makes Node.js look at everything that the module exports, and one
 * of that, `WebSocket`, loads all of its `fetch`: three megabytes, for what nothing here uses.
 */
export const { Agent, createServer, request, STATUS_CODES } = process.getBuiltinModule("node:http");
