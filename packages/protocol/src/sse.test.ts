import assert from "node:assert/strict";
import { test } from "node:test";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import fc from "fast-check";
import { encodeSse, encodeSseComment, encodeSseRetry, type SseFrame } from "./sse.ts";

/** What a client's parser makes of a piece of a stream, given in parts. */
function parse(...parts: string[]): { events: EventSourceMessage[]; comments: string[]; retries: number[] } {
  const events: EventSourceMessage[] = [];
  const comments: string[] = [];
  const retries: number[] = [];
  const parser = createParser({
    onEvent: (event) => events.push(event),
    onComment: (comment) => comments.push(comment),
    onRetry: (retry) => retries.push(retry),
    onError: (error) => assert.fail(error),
  });
  for (const part of parts) parser.feed(part);
  return { events, comments, retries };
}

/** Text with what a line-based format stumbles over. */
const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "\r\n",
        "\r",
        "\n",
        "\0",
        ":",
        " ",
        "data: x",
        "id: 7",
        "event: reset",
        "\n\n",
        "\u2028",
        "\ufeff",
      ),
      fc.string({ unit: "grapheme", maxLength: 5 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));

const line = (text: string) => text.replace(/[\r\n\0]/g, "");
const lines = (text: string) => text.replace(/\r\n|\r/g, "\n");

test("a frame comes out of a client's parser as it went in, however the stream is cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ id: fc.oneof(fc.nat(), nasty), event: nasty, data: nasty }), {
        minLength: 1,
        maxLength: 4,
      }),
      fc.nat(),
      (frames: (SseFrame & { event: string; id: string | number })[], cut) => {
        const stream = frames.map(encodeSse).join("");
        const at = cut % (stream.length + 1);
        const { events, comments, retries } = parse(stream.slice(0, at), stream.slice(at));
        assert.deepEqual(
          events.map(({ id, event, data }) => ({ id: id ?? "", event: event ?? "", data })),
          frames.map(({ id, event, data }) => ({
            id: line(String(id)),
            event: line(event),
            data: lines(data),
          })),
        );
        assert.deepEqual([comments, retries], [[], []]);
      },
    ),
    { numRuns: 500 },
  );
});

test("no id or event name can end its line, or begin a field of its own", () => {
  const frame = encodeSse({ id: "1\n\nevent: reset\ndata: x", event: "a\r\nid: 9\rdata: y\0", data: "z" });
  assert.equal(frame, "id: 1event: resetdata: x\nevent: aid: 9data: y\ndata: z\n\n");
});

test("data of several lines takes a field for each; none is lost at the ends", () => {
  assert.equal(encodeSse({ data: "a\r\nb\rc\nd" }), "data: a\ndata: b\ndata: c\ndata: d\n\n");
  assert.equal(encodeSse({ data: "" }), "data: \n\n");
  assert.equal(parse(encodeSse({ data: "\n a \n" })).events[0]?.data, "\n a \n");
});

test("a comment is no event and a waiting time is a whole number of milliseconds", () => {
  const { events, comments, retries } = parse(encodeSseComment("keep\r\nalive"), encodeSseRetry(1999.6));
  assert.deepEqual([events, comments, retries], [[], ["keepalive"], [2000]]);
});
