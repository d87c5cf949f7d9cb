// Command forgeid derives IDs from JSON lines, for the tests of the repository that compare the languages. run.sh builds it
// into a temporary directory and starts it.
//
//	sh run.sh derive [--why]     JSON lines on stdin, one uuid or "error" per line on stdout
//	                             (with --why: "error: " and the message)
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"

	"forgeshop.example/forgeid/internal/lines"
)

func main() {
	out := bufio.NewWriter(os.Stdout)
	exit := 2
	switch args := os.Args[1:]; {
	case len(args) == 1 && args[0] == "derive":
		exit = deriveAll(out, false)
	case len(args) == 2 && args[0] == "derive" && args[1] == "--why":
		exit = deriveAll(out, true)
	default:
		fmt.Fprintln(os.Stderr, "usage: run.sh derive [--why]")
	}
	out.Flush()
	os.Exit(exit)
}

func deriveAll(out *bufio.Writer, why bool) int {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	for len(input) > 0 {
		line, rest, _ := bytes.Cut(input, []byte("\n"))
		input = rest
		switch id, err := lines.Derive(line); {
		case err == nil:
			fmt.Fprintln(out, id)
		case why:
			fmt.Fprintf(out, "error: %v\n", err)
		default:
			fmt.Fprintln(out, "error")
		}
	}
	return 0
}
