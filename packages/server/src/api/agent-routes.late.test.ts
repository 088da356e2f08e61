import "../../test/support/told-late.ts";
import "./agent-routes.test.ts";
