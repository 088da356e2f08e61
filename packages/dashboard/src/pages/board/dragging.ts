import {
  type Announcements,
  type CollisionDetection,
  type KeyboardCoordinateGetter,
  KeyboardSensor,
  PointerSensor,
  TouchSensor,
  useSensor,
  useSensors,
} from "@dnd-kit/core";
import type { TaskStatus } from "@mission-control/protocol";
import { text } from "../../text/text.ts";

/** A press becomes a drag after this many pixels, a touch after this many milliseconds. */
const DRAG_DISTANCE = 6;
const TOUCH_DELAY_MS = 250;

/** Left and right go from column to column. */
const nextColumn: KeyboardCoordinateGetter = (event, { currentCoordinates, context }) => {
  const step = event.code === "ArrowRight" ? 1 : event.code === "ArrowLeft" ? -1 : 0;
  if (step === 0) return undefined;
  event.preventDefault();
  const columns = [...context.droppableRects.entries()].sort(([, a], [, b]) => a.left - b.left);
  const at = columns.findIndex(([id]) => id === context.over?.id);
  const target = columns[Math.min(columns.length - 1, Math.max(0, at + step))]?.[1];
  // The middle of the card over the middle of the column: it may be a strip, narrower than the card.
  const half = (context.collisionRect?.width ?? 0) / 2;
  return target ? { x: target.left + target.width / 2 - half, y: currentCoordinates.y } : undefined;
};

/**
 * The column under the pointer; carried by keys, the one under the middle of the card. How much of the card lies over
 * which column says nothing of where somebody wants it, and over no column it is put back.
 */
export const columnUnder: CollisionDetection = ({
  pointerCoordinates,
  collisionRect,
  droppableContainers,
  droppableRects,
}) => {
  const x = pointerCoordinates?.x ?? collisionRect.left + collisionRect.width / 2;
  return droppableContainers
    .filter(({ id }) => {
      const column = droppableRects.get(id);
      if (!column || x < column.left || x >= column.right) return false;
      const y = pointerCoordinates?.y;
      return y === undefined || (y >= column.top && y < column.bottom);
    })
    .map(({ id }) => ({ id }));
};

/** Mouse, finger and keyboard. */
export function useBoardSensors() {
  return useSensors(
    useSensor(PointerSensor, { activationConstraint: { distance: DRAG_DISTANCE } }),
    useSensor(TouchSensor, { activationConstraint: { delay: TOUCH_DELAY_MS, tolerance: DRAG_DISTANCE } }),
    useSensor(KeyboardSensor, {
      coordinateGetter: nextColumn,
      // Enter opens the task.
      keyboardCodes: { start: ["Space"], cancel: ["Escape"], end: ["Space", "Enter"] },
    }),
  );
}

const column = (id: string | number | undefined) => text.status[id as TaskStatus] ?? "";

/** What a screen reader says while a card is carried. */
export const dragAnnouncements: Announcements = {
  onDragStart: () => text.board.picked,
  onDragOver: ({ over }) => (over ? text.board.over(column(over.id)) : undefined),
  onDragEnd: ({ over }) => (over ? text.board.dropped(column(over.id)) : text.board.putBack),
  onDragCancel: () => text.board.putBack,
};
