// A registry with the referrers API, and ORAS's own client to ask any registry what refers to a manifest.
// Built by the tests from the modules that cluster/ has anyway; crane's own registry has the API switched off.
package main

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/google/go-containerregistry/pkg/registry"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry/remote"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: registry serve ADDRESS | registry discover HOST/REPOSITORY@DIGEST")
	}
	if os.Args[1] == "serve" {
		serve(os.Args[2])
	} else {
		discover(os.Args[2])
	}
}

func serve(address string) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	quiet := registry.Logger(log.New(io.Discard, "", 0))
	log.Fatal(http.Serve(listener, registry.New(quiet, registry.WithReferrersSupport(true))))
}

func discover(reference string) {
	ctx := context.Background()
	repository, err := remote.NewRepository(reference)
	if err != nil {
		log.Fatal(err)
	}
	repository.PlainHTTP = true
	subject, err := repository.Resolve(ctx, repository.Reference.Reference)
	if err != nil {
		log.Fatal(err)
	}
	found := []string{}
	err = repository.Referrers(ctx, subject, "", func(page []ocispec.Descriptor) error {
		for _, one := range page {
			found = append(found, one.Digest.String())
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	json.NewEncoder(os.Stdout).Encode(found)
}
