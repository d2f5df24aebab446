from regua.cli.main import main

main()
