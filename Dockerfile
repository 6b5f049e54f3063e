# docker build -t lastbit . && docker run --rm -v "$PWD/runs:/work/runs" --user "$(id -u):$(id -g)" lastbit reproduce
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY . .
RUN dotnet publish src/LastBit.Cli --configuration Release --output /app --no-self-contained

FROM mcr.microsoft.com/dotnet/aspnet:10.0
COPY --from=build /app /app
WORKDIR /work
RUN mkdir runs && chown app:app /work runs
USER app
ENTRYPOINT ["dotnet", "/app/LastBit.Cli.dll"]
CMD ["reproduce"]
