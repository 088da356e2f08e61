// The one door to the protocol's rules for files in prompts, packed as those for long texts are (see entry-text.ts).
export * from "@mission-control/protocol/file-text";
