#!/bin/sh
# Builds the collector of otel-collector.yaml into DIR/otelcol-bench: `bench/peers/build-otel-collector.sh DIR`. Needs Go.
# The builder's own `go mod tidy` also asks for what only the exporter's tests need, which a module proxy may not have: so the builder
# only writes the program, and `go build` takes the versions of the manifest.
set -eu
if [ $# -ne 1 ] || [ "$1" = --help ]; then
  sed -n 2p "$0" | cut -c3-
  exit 0
fi
manifest=$(cd "$(dirname "$0")" && pwd)/otel-collector.yaml
version=$(sed -n 's/^  version: //p' "$manifest")
mkdir -p "$1/source"
cd "$1"
GOBIN=$(pwd) go install "go.opentelemetry.io/collector/cmd/builder@v$version"
sed "s|^dist:|dist:\n  output_path: $(pwd)/source|" "$manifest" > manifest.yaml
./builder --config manifest.yaml --skip-get-modules --skip-compilation
cd source
rm -f go.mod go.sum
go mod init otelcol-bench
go mod edit -require="go.opentelemetry.io/collector/otelcol@v$version"
sed -n 's/^  - gomod: \(.*\) \(v.*\)$/\1@\2/p' "$manifest" | while read -r module; do go mod edit -require="$module"; done
GOFLAGS=-mod=mod go build -buildvcs=false -o ../otelcol-bench .
../otelcol-bench --version
