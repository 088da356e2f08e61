import assert from "node:assert/strict";
import { test } from "node:test";
import { Metrics } from "./metrics.ts";

test("what was counted is in the Prometheus text, once, however often it is read", async () => {
  const metrics = new Metrics();
  metrics.callback("stored");
  metrics.callback("stored");
  metrics.callback("unauthorized");
  metrics.dispatch("accepted");
  metrics.eventsCommitted(3);
  metrics.commit(0.002, 7);
  metrics.streamOpened();
  metrics.streamOpened();
  metrics.streamClosed();
  metrics.streamDelivered(40);
  metrics.streamCutOff();
  metrics.httpRequest("GET", "/api/tasks/:id", 404);
  await metrics.text();
  const lines = (await metrics.text()).split("\n");
  for (const line of [
    'mission_control_callbacks_total{result="stored"} 2',
    'mission_control_callbacks_total{result="unauthorized"} 1',
    'mission_control_callbacks_total{result="conflict"} 0',
    'mission_control_dispatches_total{outcome="accepted"} 1',
    "mission_control_events_committed_total 3",
    "mission_control_commit_group_size_sum 7",
    'mission_control_commit_duration_seconds_bucket{le="0.0025"} 1',
    "mission_control_stream_readers 1",
    "mission_control_stream_connections_total 2",
    "mission_control_stream_deliveries_total 40",
    "mission_control_stream_cut_offs_total 1",
    'mission_control_http_requests_total{method="GET",route="/api/tasks/:id",status="404"} 1',
  ]) {
    assert.ok(lines.includes(line), line);
  }
  assert.match(metrics.contentType, /^text\/plain/);
});

test("two servers in one process count apart", async () => {
  const one = new Metrics();
  const other = new Metrics();
  one.eventsCommitted(5);
  assert.match(await other.text(), /^mission_control_events_committed_total 0$/m);
});

test("how events come is shown where NATS is to bring them", async () => {
  const metrics = new Metrics();
  assert.doesNotMatch(await metrics.text(), /nats/);
  metrics.showRelay(() => ({ isConnected: true, isPublishing: false, isByNats: true, gapReads: 3 }));
  const lines = (await metrics.text()).split("\n");
  for (const line of [
    "mission_control_nats_connected 1",
    "mission_control_nats_publishing 0",
    "mission_control_nats_following 1",
    "mission_control_nats_gap_reads_total 3",
  ]) {
    assert.ok(lines.includes(line), line);
  }
});

test("what artifacts take is shown as long as it is known", async () => {
  const metrics = new Metrics();
  let total = Promise.resolve(1234);
  metrics.showArtifactBytes(() => total);
  assert.match(await metrics.text(), /^mission_control_artifact_bytes 1234$/m);
  total = Promise.reject(new Error("away"));
  assert.match(await metrics.text(), /^mission_control_artifact_bytes Nan$/im);
});
