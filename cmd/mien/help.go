package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/alecthomas/kong"
)

// orHelp returns arguments that print help where newcomers look for it: `mien` alone, and `mien help predict`.
func orHelp(args []string) []string {
	switch {
	case len(args) == 0:
		return []string{"--help"}
	case args[0] == "help":
		return append(slices.Clone(args[1:]), "--help")
	}
	return args
}

// printHelp prints what --help says: of a command also an example, of mien itself the exit statuses and the environment.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return err
	}
	selected := ctx.Selected()
	if selected == nil {
		printShared(ctx.Stdout)
	} else if example := exampleOf(selected); example != "" {
		fmt.Fprintf(ctx.Stdout, "\nExample:\n  %s\n", example)
	}
	return nil
}

// printShared prints what holds for all commands.
func printShared(w io.Writer) {
	fmt.Fprint(w, "\nExit status:\n")
	for _, exit := range exits {
		fmt.Fprintf(w, "  %3d    %s\n", exit.code, exit.what)
	}
	fmt.Fprint(w, "\nEnvironment:\n")
	for _, v := range variables {
		fmt.Fprintf(w, "  %-14s %s\n", v.name, v.what)
	}
}
