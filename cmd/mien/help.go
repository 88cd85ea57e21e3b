package main

import (
	"fmt"
	"io"

	"github.com/alecthomas/kong"
)

// printHelp prints what --help says: of mien itself also the exit statuses.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return err
	}
	if ctx.Selected() == nil {
		printExits(ctx.Stdout)
	}
	return nil
}

func printExits(w io.Writer) {
	fmt.Fprint(w, "\nExit status:\n")
	for _, exit := range exits {
		fmt.Fprintf(w, "  %3d    %s\n", exit.code, exit.what)
	}
}
