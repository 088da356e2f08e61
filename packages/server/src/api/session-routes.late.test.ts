import "../../test/support/told-late.ts";
import "./session-routes.test.ts";
