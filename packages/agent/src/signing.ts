// The one door to the protocol's signing code: pure node:crypto, so that it can be packed into the published
// package (see scripts/inline-protocol.js), which then depends on nothing but Node.
export * from "@mission-control/protocol/signing";
