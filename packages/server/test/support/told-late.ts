// Imported before a test file, runs its tests on a store that answers late and tells its log later still.
import { tellLate } from "./test-store.ts";

tellLate();
