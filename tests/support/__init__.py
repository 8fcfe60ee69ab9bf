"""What tests share that belong to several parts: hubs, servers, files and recipes to run against."""
