# Sourced by the other scripts.
GO=${GO:-go}
# A Node that setup.sh took from npm comes before an old one of the system.
if [ -d "$PWD/.swinspect/node/node_modules/.bin" ]; then
  PATH="$PWD/.swinspect/node/node_modules/.bin:$PATH"
fi
export GO PATH
