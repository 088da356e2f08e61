import "../../test/support/told-late.ts";
import "./dispatcher.test.ts";
