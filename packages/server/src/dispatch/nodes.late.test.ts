import "../../test/support/told-late.ts";
import "./nodes.test.ts";
