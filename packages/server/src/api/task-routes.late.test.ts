import "../../test/support/told-late.ts";
import "./task-routes.test.ts";
