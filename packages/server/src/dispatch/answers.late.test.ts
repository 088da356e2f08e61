import "../../test/support/told-late.ts";
import "./answers.test.ts";
