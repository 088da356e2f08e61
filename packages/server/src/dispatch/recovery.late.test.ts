import "../../test/support/told-late.ts";
import "./recovery.test.ts";
