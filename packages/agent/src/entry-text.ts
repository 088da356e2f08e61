// The one door to the protocol's rule for long texts, which needs nothing, so that it can be packed into the published
// package (see scripts/inline-protocol.js).
export * from "@mission-control/protocol/entry-text";
