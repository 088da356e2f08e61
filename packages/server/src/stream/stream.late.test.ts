import "../../test/support/told-late.ts";
import "./stream.test.ts";
