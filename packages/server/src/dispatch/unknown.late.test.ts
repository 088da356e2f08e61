import "../../test/support/told-late.ts";
import "./unknown.test.ts";
