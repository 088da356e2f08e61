import { connect, type Socket } from "node:net";
import { monotonicMicros } from "../measure/clock.ts";
import type { Histogram } from "../measure/histogram.ts";
import { RESET_FIELD, type Transcript } from "./transcript.ts";

const HEADER_END = Buffer.from("\r\n\r\n");
const FRAME_END = Buffer.from("\n\n");
const DATA_FIELD = Buffer.from("data:");
const EMPTY = Buffer.alloc(0);
/** Readers of one process share it: a read is used up before the next one begins. */
const readBuffer = Buffer.allocUnsafe(256 * 1024);

export interface ReaderOptions {
  port: number;
  /** Path and query of the stream. */
  path: string;
  headers: Record<string, string>;
  lastEventId?: string | undefined;
}

/** What a reader tells its farm. */
export interface ReaderWatch {
  onOpen(): void;
  onEvents(): void;
  onReset(): void;
  onFailure(error: Error): void;
}

/**
 * One EventSource on a raw socket: reads the headers, takes the chunks apart, and holds every event against
 * the transcript. When the server ends the stream it comes back with its last id, as a browser would.
 */
export class Reader {
  /** Events received so far. */
  received = 0;
  reconnects = 0;
  #socket: Socket | undefined;
  #closed = false;
  #stuck = false;
  #opened = false;
  #chunked = false;
  /** Bytes left of the current chunk; -1 while its size line is being read, -2 for the line end after it. */
  #chunkLeft = -1;
  #sizeLine = "";
  /** Bytes of the headers, or of an event that differs from or goes beyond the transcript. */
  #partial: Buffer = EMPTY;
  /** Place in the transcript; meaningful while `#partial` is empty. */
  #position = 0;
  readonly #options: ReaderOptions;
  readonly #transcript: Transcript;
  readonly #latency: Histogram;
  readonly #watch: ReaderWatch;

  constructor(options: ReaderOptions, transcript: Transcript, latency: Histogram, watch: ReaderWatch) {
    this.#options = options;
    this.#transcript = transcript;
    this.#latency = latency;
    this.#watch = watch;
  }

  open(): void {
    const { port, path, headers } = this.#options;
    const lastEventId =
      this.received > 0 ? this.#transcript.id(this.received - 1) : this.#options.lastEventId;
    let head = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: text/event-stream\r\n`;
    for (const [name, value] of Object.entries(headers)) head += `${name}: ${value}\r\n`;
    if (lastEventId !== undefined) head += `Last-Event-ID: ${lastEventId}\r\n`;
    this.#opened = false;
    this.#chunkLeft = -1;
    this.#sizeLine = "";
    // What came of an event before the stream broke off does not count (HTML standard, server-sent events, 9.2.6).
    this.#partial = EMPTY;
    this.#position = this.#transcript.start(this.received);
    const socket = connect({
      port,
      host: "127.0.0.1",
      onread: { buffer: readBuffer, callback: (size) => this.#read(size) },
    });
    socket.on("error", () => {});
    socket.on("close", () => this.#lost());
    socket.write(`${head}\r\n`);
    this.#socket = socket;
  }

  /** Stops reading from the socket, as a suspended browser tab would, until {@link resume}. */
  stopReading(): void {
    this.#stuck = true;
    this.#socket?.pause();
  }

  resume(): void {
    this.#stuck = false;
    this.#socket?.resume();
  }

  close(): void {
    this.#closed = true;
    this.#socket?.destroy();
  }

  #lost(): void {
    if (this.#closed) return;
    if (!this.#opened) {
      this.#watch.onFailure(new Error("The server closed a stream before its headers."));
      return;
    }
    this.reconnects += 1;
    this.open();
  }

  #read(size: number): boolean {
    if (this.#closed) return false;
    try {
      this.#take(readBuffer.subarray(0, size));
    } catch (error) {
      this.#watch.onFailure(error instanceof Error ? error : new Error(String(error)));
      this.close();
    }
    return !this.#stuck;
  }

  #take(bytes: Buffer): void {
    let body = bytes;
    if (!this.#opened) {
      const rest = this.#readHeaders(bytes);
      if (!rest) return;
      body = rest;
    }
    if (this.#chunked) this.#takeChunks(body);
    else if (body.length > 0) this.#takeBody(body, 0, body.length);
  }

  /** Returns what follows the headers once they are complete. */
  #readHeaders(bytes: Buffer): Buffer | undefined {
    const all = Buffer.concat([this.#partial, bytes]);
    const end = all.indexOf(HEADER_END);
    this.#partial = end === -1 ? all : EMPTY;
    if (end === -1) return undefined;
    const headers = all.toString("latin1", 0, end).toLowerCase();
    if (!/^http\/1\.1 200 /.test(headers) || !/^content-type: text\/event-stream/m.test(headers)) {
      throw new Error(`The stream was refused: ${all.toString("latin1", 0, 500)}`);
    }
    this.#chunked = /^transfer-encoding: chunked/m.test(headers);
    this.#opened = true;
    this.#watch.onOpen();
    return all.subarray(end + HEADER_END.length);
  }

  #takeChunks(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#chunkLeft > 0) {
        const size = Math.min(this.#chunkLeft, bytes.length - at);
        this.#takeBody(bytes, at, at + size);
        at += size;
        this.#chunkLeft -= size;
        if (this.#chunkLeft === 0) this.#chunkLeft = -2;
        continue;
      }
      const lineEnd = bytes.indexOf(10, at);
      const line = bytes.toString("latin1", at, lineEnd === -1 ? bytes.length : lineEnd);
      at = lineEnd === -1 ? bytes.length : lineEnd + 1;
      this.#sizeLine += line;
      if (lineEnd === -1) return;
      const size = this.#chunkLeft === -1 ? Number.parseInt(this.#sizeLine, 16) : -1;
      this.#sizeLine = "";
      this.#chunkLeft = size;
      if (size === 0) {
        this.#socket?.destroy();
        return;
      }
    }
  }

  #takeBody(bytes: Buffer, from: number, to: number): void {
    const now = monotonicMicros();
    const before = this.received;
    const transcript = this.#transcript;
    const isKnown =
      this.#partial.length === 0 &&
      this.#position + (to - from) <= transcript.length &&
      transcript.matches(this.#position, bytes, from, to);
    if (isKnown) {
      this.#position += to - from;
      while (this.received < transcript.count && transcript.end(this.received) <= this.#position)
        this.#receive(now);
    } else {
      this.#takeFrames(bytes.subarray(from, to), now);
    }
    if (this.received !== before) this.#watch.onEvents();
  }

  /** The careful way: frame by frame, for what is new, and for comments that come to one reader only. */
  #takeFrames(bytes: Buffer, now: number): void {
    const transcript = this.#transcript;
    const begun =
      this.#partial.length > 0 ? this.#partial : this.#transcribed(transcript.start(this.received));
    const all = begun.length === 0 ? bytes : Buffer.concat([begun, bytes]);
    let at = 0;
    for (;;) {
      if (this.received === transcript.count) {
        at = transcript.append(all, at);
        while (this.received < transcript.count) this.#receive(now);
      }
      const end = all.indexOf(FRAME_END, at);
      if (end === -1) break;
      this.#takeFrame(all.subarray(at, end + FRAME_END.length), now);
      at = end + FRAME_END.length;
    }
    const rest = all.subarray(at);
    const start = transcript.start(this.received);
    const isBegunEvent =
      start + rest.length <= transcript.length && transcript.matches(start, rest, 0, rest.length);
    this.#partial = isBegunEvent ? EMPTY : Buffer.from(rest);
    this.#position = start + (isBegunEvent ? rest.length : 0);
  }

  /** The bytes of the transcript between `start` and this reader's place. */
  #transcribed(start: number): Buffer {
    return this.#position > start ? this.#transcript.slice(start, this.#position) : EMPTY;
  }

  /** A frame the transcript did not take: an event others got before, or no event. */
  #takeFrame(frame: Buffer, now: number): void {
    if (frame.includes(RESET_FIELD)) {
      this.#watch.onReset();
      return;
    }
    if (!frame.includes(DATA_FIELD)) return;
    const transcript = this.#transcript;
    const start = transcript.start(this.received);
    const isSame =
      this.received < transcript.count &&
      start + frame.length === transcript.end(this.received) &&
      transcript.matches(start, frame, 0, frame.length);
    if (!isSame) throw new Error(`A reader got another event than the others: ${frame}`);
    this.#receive(now);
  }

  #receive(now: number): void {
    const sentAt = this.#transcript.sentAt(this.received);
    if (sentAt > 0) this.#latency.record(now - sentAt);
    this.received += 1;
  }
}
