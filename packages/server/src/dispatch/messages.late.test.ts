import "../../test/support/told-late.ts";
import "./messages.test.ts";
