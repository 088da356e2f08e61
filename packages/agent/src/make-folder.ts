// The one door to how folders are made, which needs nothing but Node, so that it can be packed into the published package
// (see scripts/inline-protocol.js).
export * from "@mission-control/protocol/make-folder";
