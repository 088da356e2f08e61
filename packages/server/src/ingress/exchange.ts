import type { IncomingHttpHeaders } from "node:http";

/** A request with its body whole, whatever read it from the connection. */
export interface WholeRequest {
  /** Request target: path and query. */
  url: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** Of the client. */
  address: string;
}

/** What such a request is answered, ready to be written. */
export interface WholeAnswer {
  status: number;
  /** Reason phrase of the status. */
  title: string;
  headers: readonly (readonly [name: string, value: string])[];
  body: string;
}
