package main

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"mien/recipe"
)

// mien completion: a script for a shell, and mien complete, which the script asks at each Tab.

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish; the first lines of the script say how to load it."`
}

//go:embed completion
var completions embed.FS

func (c *completionCmd) Run(out *console) error {
	script, err := completions.ReadFile("completion/" + c.Shell)
	if err == nil {
		_, err = out.stdout.Write(script)
	}
	return err
}

type completeCmd struct {
	Words []string `arg:"" optional:"" help:"Words after mien on the command line, the one to complete last."`
}

func (c *completeCmd) Run(out *console, parsed *kong.Context) error {
	for _, word := range complete(parsed.Model.Node, c.Words) {
		fmt.Fprintln(out.stdout, word)
	}
	return nil
}

// complete lists what the last word can become: a command, a flag, or a value of the flag before it. Nothing means a file.
func complete(node *kong.Node, words []string) (found []string) {
	var flag *kong.Flag // whose value comes next
	last := ""
	for i, word := range words {
		switch {
		case i == len(words)-1:
			last = strings.TrimPrefix(word, "=") // bash makes three words of --flag=value
		case word == "=":
		case flag != nil:
			flag = nil
		case strings.HasPrefix(word, "--"):
			flag = valued(node, word)
		default:
			node = child(node, word)
		}
	}
	name, value, joined := strings.Cut(last, "=") // the other shells leave it one
	if joined {
		flag, last, name = valued(node, name), value, name+"="
	} else {
		name = ""
	}
	for _, word := range choices(node, flag) {
		if strings.HasPrefix(word, last) {
			found = append(found, name+word)
		}
	}
	return found
}

// child returns the command of that name in a group of commands, or the node itself where the word is an argument.
func child(node *kong.Node, word string) *kong.Node {
	for _, c := range node.Children {
		if c.Name == word {
			return c
		}
	}
	return node
}

// valued returns the flag of a command that is written as word and takes a value, nil if there is none.
func valued(node *kong.Node, word string) *kong.Flag {
	for _, flag := range slices.Concat(node.AllFlags(true)...) {
		if "--"+flag.Name == word && !flag.IsBool() {
			return flag
		}
	}
	return nil
}

// choices lists the values of a flag or, without one, all that can follow a command.
func choices(node *kong.Node, flag *kong.Flag) (words []string) {
	if flag != nil {
		return values(flag.Value)
	}
	for _, c := range node.Children {
		if !c.Hidden {
			words = append(words, c.Name)
		}
	}
	for _, argument := range node.Positional {
		words = append(words, values(argument)...)
	}
	for _, flag := range slices.Concat(node.AllFlags(true)...) {
		words = append(words, "--"+flag.Name)
	}
	return words
}

// values lists what a flag or argument can be, if that is known.
func values(v *kong.Value) []string {
	switch {
	case v.Enum != "":
		return slices.DeleteFunc(v.EnumSlice(), func(word string) bool { return word == "" })
	case v.Name == "recipe":
		return recipe.Names()
	case v.Name == "ablation":
		return append(recipe.Ablations(), allAblations)
	case v.Name == "precision":
		return []string{"f32", "bf16", "int8"}
	case v.Name == "device":
		return []string{"auto", "cpu", "vulkan"}
	}
	return nil
}
