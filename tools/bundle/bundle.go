// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package bundle turns TypeScript into one ES module or script with esbuild.
//
// The output depends on the sources, the aliases and the constants alone: no path, time or environment
// reaches it. It is left readable, for what is served is meant to be read.
package bundle

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// Config says what to bundle.
type Config struct {
	Entry     string            // path of the entry file
	Also      []string          // further entries in the entry's folder, run after it in order
	Alias     map[string]string // module name → path of the file that stands for it
	Packages  string            // folder node_modules in which other module names are looked up; "" for none
	Constants map[string]string // global name → string value
	Module    bool              // an ES module; else a classic script
	Node      bool              // for node, whose own modules (node:…) stay imports; else for browsers
}

// targets are the oldest engines that have what the enclave needs (docs/threat-model.md).
var targets = []api.Engine{
	{Name: api.EngineChrome, Version: "116"},
	{Name: api.EngineFirefox, Version: "128"},
	{Name: api.EngineSafari, Version: "17.4"},
}

// Bundle returns the bundled program. The error lists esbuild's messages with file and line.
func Bundle(c Config) ([]byte, error) {
	format := api.FormatIIFE
	if c.Module {
		format = api.FormatESModule
	}
	platform, engines := api.PlatformBrowser, targets
	if c.Node {
		platform, engines = api.PlatformNode, []api.Engine{{Name: api.EngineNode, Version: "22"}}
	}
	constants := make(map[string]string, len(c.Constants))
	for name, value := range c.Constants {
		constants[name] = strconv.Quote(value)
	}
	options := api.BuildOptions{
		EntryPoints:   []string{c.Entry},
		Bundle:        true,
		Write:         false,
		Format:        format,
		Platform:      platform,
		Engines:       engines,
		Charset:       api.CharsetUTF8,
		LegalComments: api.LegalCommentsInline,
		TreeShaking:   api.TreeShakingTrue,
		TsconfigRaw:   "{}", // no tsconfig.json of the machine decides anything
		Define:        constants,
		Plugins:       []api.Plugin{c.sources()},

		PreserveSymlinks: true, // Bazel lays packages out as links
	}
	if len(c.Also) > 0 {
		options.EntryPoints = nil
		options.Stdin = c.allEntries()
	}
	result := api.Build(options)
	if len(result.Errors) > 0 {
		return nil, fmt.Errorf("bundling %s:\n%s", c.Entry, strings.Join(
			api.FormatMessages(result.Errors, api.FormatMessagesOptions{Kind: api.ErrorMessage}), ""))
	}
	if len(result.OutputFiles) != 1 {
		return nil, fmt.Errorf("bundling %s: got %d files, want 1", c.Entry, len(result.OutputFiles))
	}
	return result.OutputFiles[0].Contents, nil
}

// allEntries is a program that runs every entry.
func (c Config) allEntries() *api.StdinOptions {
	var program strings.Builder
	for _, entry := range append([]string{c.Entry}, c.Also...) {
		fmt.Fprintf(&program, "import %q;\n", "./"+filepath.Base(entry))
	}
	return &api.StdinOptions{Contents: program.String(), Loader: api.LoaderTS}
}

// sources is a plugin that resolves every import itself: names in Alias to their files, relative paths from
// the entry's folder. The names that esbuild writes into its output are then relative to the entry,
// wherever the sources lie and however Bazel calls the folder of an SDK.
func (c Config) sources() api.Plugin {
	folder, name := filepath.Split(c.Entry)
	load := func(path string) (api.OnLoadResult, error) {
		content, err := os.ReadFile(path)
		if err != nil {
			return api.OnLoadResult{}, err
		}
		text := string(content)
		loader := api.LoaderJS
		if strings.HasSuffix(path, ".ts") {
			loader = api.LoaderTS
		}
		return api.OnLoadResult{Contents: &text, Loader: loader}, nil
	}
	resolve := func(build api.PluginBuild, args api.OnResolveArgs) (api.OnResolveResult, error) {
		if args.PluginData == ownQuestion {
			return api.OnResolveResult{}, nil // for esbuild itself
		}
		if args.Kind == api.ResolveEntryPoint {
			return api.OnResolveResult{Path: name, Namespace: fileNamespace}, nil
		}
		if _, ok := c.Alias[args.Path]; ok {
			return api.OnResolveResult{Path: args.Path, Namespace: aliasNamespace}, nil
		}
		if c.Node && strings.HasPrefix(args.Path, "node:") {
			return api.OnResolveResult{Path: args.Path, External: true}, nil
		}
		if args.Namespace == packageNamespace || c.Packages != "" && !strings.HasPrefix(args.Path, ".") {
			return c.inPackages(build, args)
		}
		if !strings.HasPrefix(args.Path, ".") {
			return api.OnResolveResult{}, fmt.Errorf("no module is called %q here: only relative paths and the bundle's aliases are", args.Path)
		}
		// By way of the entry's folder, so that a file that is reached from beside it has the same name as from within.
		file := filepath.Join(folder, filepath.FromSlash(path.Join(path.Dir(args.Importer), args.Path)))
		relative, err := filepath.Rel(filepath.Clean(folder), file)
		return api.OnResolveResult{Path: filepath.ToSlash(relative), Namespace: fileNamespace}, err
	}
	return api.Plugin{
		Name: "sources",
		Setup: func(build api.PluginBuild) {
			build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
				return resolve(build, args)
			})
			build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: fileNamespace}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
				return load(filepath.Join(folder, filepath.FromSlash(args.Path)))
			})
			build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: aliasNamespace}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
				return load(c.Alias[args.Path])
			})
			build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: packageNamespace}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
				return load(filepath.Join(c.Packages, filepath.FromSlash(args.Path)))
			})
		},
	}
}

// ownQuestion marks what inPackages asks of esbuild.
const ownQuestion = "inPackages"

// inPackages lets esbuild find a module as node does, and returns its path below the folder of packages.
func (c Config) inPackages(build api.PluginBuild, args api.OnResolveArgs) (api.OnResolveResult, error) {
	folder, err := filepath.Abs(c.Packages)
	if err != nil {
		return api.OnResolveResult{}, err
	}
	from := filepath.Dir(folder)
	if args.Namespace == packageNamespace {
		from = filepath.Join(folder, filepath.FromSlash(path.Dir(args.Importer)))
	}
	found := build.Resolve(args.Path, api.ResolveOptions{ResolveDir: from, Kind: args.Kind, PluginData: ownQuestion})
	if len(found.Errors) > 0 {
		return api.OnResolveResult{Errors: found.Errors}, nil
	}
	name, err := filepath.Rel(folder, found.Path)
	if err != nil || strings.HasPrefix(name, "..") {
		return api.OnResolveResult{}, fmt.Errorf("%q was found outside the folder of packages", args.Path)
	}
	return api.OnResolveResult{Path: filepath.ToSlash(name), Namespace: packageNamespace}, nil
}

// The namespaces are what an error or a comment in the output puts before a module's name.
const (
	fileNamespace    = "source"
	aliasNamespace   = "module"
	packageNamespace = "package"
)

// Strip returns TypeScript without its types, and otherwise as it is: imports stay.
func Strip(path string, source []byte) ([]byte, error) {
	result := api.Transform(string(source), api.TransformOptions{
		Sourcefile:  filepath.Base(path),
		Loader:      api.LoaderTS,
		Format:      api.FormatESModule,
		Engines:     targets,
		Charset:     api.CharsetUTF8,
		TsconfigRaw: "{}",
	})
	if len(result.Errors) > 0 {
		return nil, fmt.Errorf("%s:\n%s", path, strings.Join(
			api.FormatMessages(result.Errors, api.FormatMessagesOptions{Kind: api.ErrorMessage}), ""))
	}
	return result.Code, nil
}
